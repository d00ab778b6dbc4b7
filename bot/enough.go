package bot

// Enough is what a product must have before anybody is told: fewer units count as none.
type Enough struct {
	Units Quantity            // of every product
	SKU   map[string]Quantity // of some
}

// apply makes what is too little none. The quantity stays as it was read.
func (e Enough) apply(levels []StockLevel) (few int) {
	for i := range levels {
		level := &levels[i]
		least, own := e.SKU[level.SKU]
		if !own {
			least = e.Units
		}
		if level.Availability == In && level.Quantity != nil && *level.Quantity < least {
			level.Availability = Out
			few++
		}
	}
	return few
}
