"""What a recording was understood to hold: its facts, what is odd about them, as one page of text, and pictures."""
