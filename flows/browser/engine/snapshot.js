R.snapshot = () => "";
