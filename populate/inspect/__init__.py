"""What a recording holds, as it was understood: text, JSON and pictures, without a database."""
