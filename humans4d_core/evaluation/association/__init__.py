"""Who is who, judged on boxes alone, beside other trackers."""
