"""Export of stored stimuli for the rig."""
