// Package bot is the domain of restock: what a stock level, a subscription, a restock and a notification are, how two
// readings are compared, and the loop that reads the sites, tells the waiting customers and writes the follow-up back.
//
// It imports the standard library only. Browsers, databases, mail servers and schedules are adapters that import bot and
// satisfy the small interfaces declared here: [Store], [Sites] and [Sender].
//
// The one law is that the bot is never wrong quietly. No data is an error and never "out of stock"; a write that was not
// read back is not done; a message that may have gone out is never sent again by itself.
package bot
