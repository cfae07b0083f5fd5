"""What the instruments of a stream of prompts stand for."""

from pydantic import Field

from salutogen.study.format.part import Name, Part


class Affect(Part):
    """Momentary affect: how the person feels now."""

    negative: Name | None = Field(None, description="Instrument of negative affect.")
    positive: Name | None = Field(None, description="Instrument of positive affect.")


class MomentaryRoles(Part):
    """Instruments of a source with a row per prompt, by what they stand for."""

    stressor: Name | None = Field(
        None, description="Instrument that asks whether something stressful happened, or how much."
    )
    affect: Affect = Field(Affect(), description="Instruments of momentary affect.")
    appraisal: Name | None = Field(
        None, description="Instrument that asks how the latest event was taken."
    )

    @property
    def named(self) -> dict[str, str]:
        """Instruments by their role: stressor, negative, positive, appraisal."""
        roles = {
            "stressor": self.stressor,
            "negative": self.affect.negative,
            "positive": self.affect.positive,
            "appraisal": self.appraisal,
        }
        return {role: name for role, name in roles.items() if name is not None}
