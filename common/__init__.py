"""What a hospital, the server and the dashboard all mean by the same word."""
