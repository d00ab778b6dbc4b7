// Package notify writes the messages that customers read, and holds the table of channels. Each channel is a package of its
// own below this one; it gets its texts through a bot.Renderer and knows no templates.
package notify
