package transform

// Severity of a diagnostic; only errors stop the module.
type Severity uint8

const (
	Error Severity = iota
	Warning
)

// Diagnostic is one finding with its place, ready to be shown in a terminal, on a page or in Vite.
type Diagnostic struct {
	Severity Severity `json:"severity"`
	// Text says what is wrong, Hint what to write instead.
	Text string `json:"text"`
	Hint string `json:"hint,omitempty"`
	Path string `json:"path"`
	// Line and Column are 1-based; Column and Length count UTF-16 units, as editors do.
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Length   int    `json:"length"`
	LineText string `json:"lineText"`
	// Notes carry further places or the chain that explains the finding.
	Notes []string `json:"notes,omitempty"`
}
