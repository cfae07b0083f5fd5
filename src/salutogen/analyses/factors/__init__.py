"""Which factors protect: resilience factors and later SR, in two steps and in one."""
