package flowtest

import "fmt"

// products makes the 120 articles. Every fourth is sold out; one is oversold.
func products() []*Product {
	adjectives := []string{"Compact", "Folding", "Insulated", "Ultralight", "Waterproof", "Merino", "Solar", "Cast-iron", "Bamboo", "Titanium"}
	nouns := []string{"stove", "dry bag", "hammock", "cooler", "jacket", "trail shoe", "daypack", "tarp", "mug", "multitool", "compass", "head torch"}
	var list []*Product
	for i := range 120 {
		p := &Product{
			SKU:      fmt.Sprintf("AO-%04d", 1001+i*7),
			Name:     adjectives[i%len(adjectives)] + " " + nouns[i%len(nouns)],
			Quantity: 3 + i*37%240,
		}
		switch {
		case i == 17:
			p.Quantity = -3
		case i == 30:
			p.Quantity = 1250
		case i%4 == 1:
			p.Quantity = 0
		}
		list = append(list, p)
	}
	return list
}

// requests makes the waiting list: 64 wishes for what is sold out, some of them for nobody to be told.
func requests(products []*Product) []*Request {
	first := []string{"Olivia", "Noah", "Charlotte", "Jack", "Amelia", "Leo", "Mia", "Henry", "Isla", "Thomas", "Grace", "Luca"}
	last := []string{"Nguyen", "Williams", "Kelly", "Singh", "Taylor", "Rossi", "Murphy", "Chen", "Walker", "Papadopoulos", "O'Brien"}
	var out []*Product
	for _, p := range products {
		if p.Quantity <= 0 {
			out = append(out, p)
		}
	}
	var list []*Request
	for i := range 64 {
		f, l := first[i%len(first)], last[i%len(last)]
		r := &Request{
			ID: 501 + i, SKU: out[i%8].SKU, Customer: f + " " + l, Status: "Waiting", Consent: i%13 != 12,
			Email: fmt.Sprintf("%s.%d@example.com", string([]rune(f)[0])+"customer", i),
			// numbers that the Australian regulator sets aside for fiction
			Phone:   fmt.Sprintf("+61 491 570 %03d", 100+i),
			Contact: []string{"E-mail", "SMS", "E-mail or SMS"}[i%3],
			Asked:   fmt.Sprintf("2026-10-%02d", 1+i%30),
		}
		switch {
		case i%17 == 5:
			r.Email, r.Phone = "not-an-address", ""
		case i%19 == 7:
			r.Email, r.Phone = "", ""
		case i%11 == 9:
			r.Status, r.Note = "Notified", "Called on Monday."
		}
		list = append(list, r)
	}
	twice := *list[0] // the same customer asks again for the same product
	twice.ID, twice.Asked = 501+len(list), "2026-10-31"
	return append(list, &twice)
}
