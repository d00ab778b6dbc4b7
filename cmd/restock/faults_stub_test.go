package main

func browserFaults() []fault { return nil }
func diskFaults() []fault    { return nil }
func senderFaults() []fault  { return nil }
func processFaults() []fault { return nil }
