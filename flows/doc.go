// Package flows says what to do in a site: log in, read the stock, read who waits, write the follow-up. It knows no site:
// everything about one stands in its selector file. It works on a [Page], which package flows/browser provides.
//
// Every flow proves what it does. A list is believed when the right page was there, every row could be read, no key came
// twice with different values, and the page's own count or the end of its pager agrees. A write is done when the page was
// loaded anew and shows it.
package flows
