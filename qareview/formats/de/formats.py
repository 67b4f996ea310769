DATE_FORMAT = "j. F Y"
DATETIME_FORMAT = "j. F Y, H:i T"  # T is the time zone
TIME_FORMAT = "H:i T"
MONTH_DAY_FORMAT = "j. F"
