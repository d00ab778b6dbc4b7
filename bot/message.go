package bot

// Message is a notification as the customer reads it.
type Message struct {
	Subject string
	Text    string // plain text of the mail
	HTML    string
	SMS     string
	// Unsubscribe is where this customer leaves: one https address that also takes the POST of RFC 8058.
	Unsubscribe string
	Mailto      string // where they can leave by mail
}

// Renderer writes the message of a notification.
type Renderer func(n Notification) (Message, error)
