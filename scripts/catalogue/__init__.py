"""What an answer is: read, validated, refused, and how a refusal is told."""
