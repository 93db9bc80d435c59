"""What a study's runs say together: means over seeds, paired differences, and sentences that claim no more."""
