"""What travels between server and hospitals: record names, the plan, descriptions and evaluations, codecs."""
