package app

import "slices"

// Nearest is the candidate that differs from word by the fewest edits, or "" when all differ too
// much to be a slip of the hand.
func Nearest(word string, candidates []string) string {
	best, limit := "", len(word)/3+1
	for _, candidate := range candidates {
		if distance := editDistance(word, candidate); distance <= limit {
			best, limit = candidate, distance-1
		}
	}
	return best
}

// editDistance is Levenshtein's, on bytes: names of settings and files are ASCII.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		previous := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			previous, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, previous+cost)
		}
	}
	return row[len(b)]
}

func oneOf(word string, words ...string) bool { return slices.Contains(words, word) }

// mapKeys in alphabetical order, without "$schema" and the like.
func mapKeys[V any](m map[string]V) []string {
	var keys []string
	for key := range m {
		if key != "" && key[0] != '$' {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}
