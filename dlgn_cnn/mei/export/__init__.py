"""Export of stimuli for a screen."""
