"""What flows on between the visits: half-lives, effects at any interval, a standard stressor."""
