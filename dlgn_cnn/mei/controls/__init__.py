"""Controls of an MEI: gratings, natural clips and other stimuli of equal contrast."""
