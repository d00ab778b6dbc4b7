package sms

import "restock/bot"

// code is what one error of the API means for a message (https://www.twilio.com/docs/api/errors). The vendor splits codes now
// and then and advises against hard logic on them: one that is not here refuses the message for good, and a person sees it.
type code struct {
	number int
	state  bot.State
	reason bot.Reason
	stop   bool
}

func codes() []code {
	ours := func(n int) code { return code{n, bot.Retry, bot.SenderFault, true} }
	gone := func(n int) code { return code{n, bot.Failed, bot.DeadAddress, false} }
	return []code{
		{20429, bot.Retry, bot.Unreachable, true}, // too many requests: never processed
		{21610, bot.Failed, bot.LeftUs, false},    // has replied STOP
		gone(21211), gone(21214), gone(21217),     // no valid number
		gone(21614),                             // not a mobile
		gone(30005),                             // unknown or inactive number
		gone(30006),                             // landline or unreachable carrier
		{30003, bot.Failed, bot.Refused, false}, // switched off, for longer than the message is good
		ours(20003), ours(20404),                // log-in, account
		ours(21212), ours(21606), ours(21603), ours(21611), ours(21659), ours(21660), ours(21661), ours(21703), ours(21704), // our number or service
		ours(21408),              // region not enabled
		ours(30001), ours(30002), // queue overflow, account suspended
		ours(30007), // filtered as spam
		ours(30034), // sender not registered
	}
}

func known(number int) (code, bool) {
	for _, c := range codes() {
		if c.number == number {
			return c, true
		}
	}
	return code{}, false
}
