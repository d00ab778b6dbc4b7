package bot

// Message is a notification as the customer reads it.
type Message struct {
	Subject string
	Text    string // plain text of the mail
	HTML    string
	SMS     string
}

// Renderer writes the message of a notification.
type Renderer func(n Notification) (Message, error)
