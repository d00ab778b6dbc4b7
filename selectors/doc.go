// Package selectors reads selector files: everything the bot knows about a web site. A file is written by analysts, so
// every problem in it is reported at once with file:line:column, what was found, what is allowed there and the nearest
// word. README.md beside this file is the manual of the language.
//
// [Load] reads and checks a file; the result is plain data. Package flows says what to do with it, and package
// flows/browser does it on a page.
package selectors
