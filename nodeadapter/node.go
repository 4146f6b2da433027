package nodeadapter

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// minimumNode is the oldest major version that the runtime supports.
const minimumNode = 20

// FindNode gives the path of the `node` in PATH, unchecked.
func FindNode() (string, error) {
	path, err := exec.LookPath("node")
	if err != nil {
		return "", errNodeMissing
	}
	return path, nil
}

// CheckNode runs `node --version` (5 ms: Node answers before it starts V8). Its error is one sentence
// for the terminal, after what Node said itself: it refuses some NODE_OPTIONS, for one.
func CheckNode(ctx context.Context, node string) error {
	command := exec.CommandContext(ctx, node, "--version")
	var said bytes.Buffer
	command.Stderr = &said
	output, err := command.Output()
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%s%s --version failed (%v): eclipsa dev needs a Node that starts, %d or newer", said.String(), node, err, minimumNode)
	}
	version := strings.TrimSpace(string(output))
	major, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	if number, err := strconv.Atoi(major); err != nil || number < minimumNode {
		return fmt.Errorf("%s is %s, and eclipsa dev needs Node %d or newer: install one from https://nodejs.org", node, version, minimumNode)
	}
	return nil
}
