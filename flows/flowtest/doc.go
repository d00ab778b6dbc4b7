// Package flowtest is a sample inventory system, CRM and shop, with a mail server and an SMS gateway, all on loopback and in
// process. They are as one would meet them: log-in forms with CSRF tokens and cookie sessions, a paged stock list, request
// forms. `restock demo` shows them, and the tests work on them. Each keeps a log of the truth, against which what the bot
// claims is compared.
package flowtest
