"""What a release is: its folder, record, dumps and content."""
