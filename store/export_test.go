package store

import "time"

// What is found must not hang on how busy the machine is.
func init() { searchBudget = 10 * time.Second }
