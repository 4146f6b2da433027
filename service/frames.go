package service

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"eclipsa/app"
)

// maxFrame is far above every module that somebody wrote, with its maps.
const maxFrame = 64 << 20

// readFrame gives io.EOF between two frames, io.ErrUnexpectedEOF within one.
func readFrame(from io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint32(head[:])
	if length > maxFrame {
		return nil, fmt.Errorf("a frame of %d bytes is longer than %d: this is not the eclipsa plugin's protocol", length, maxFrame)
	}
	// The buffer grows with what comes, so that a length alone takes no memory.
	var text bytes.Buffer
	if _, err := io.CopyN(&text, from, int64(length)); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return text.Bytes(), nil
}

type replyMessage struct {
	ID     int          `json:"id"`
	Answer any          `json:"answer,omitempty"`
	Error  *errorAnswer `json:"error,omitempty"`
}

type errorAnswer struct {
	Text string `json:"text"`
	Hint string `json:"hint,omitempty"`
	Path string `json:"path,omitempty"`
}

// replyFrame is the answer or the failure; what can't be sent is a failure too, so that nobody waits for ever.
func replyFrame(id int, answer any, failure error) []byte {
	if failure == nil {
		frame, err := encodeFrame(replyMessage{ID: id, Answer: answer})
		if err == nil {
			return frame
		}
		failure = fmt.Errorf("the answer can't be sent: %w", err)
	}
	frame, _ := encodeFrame(replyMessage{ID: id, Error: describe(failure)}) // strings only
	return frame
}

func encodeFrame(message any) ([]byte, error) {
	text := bytes.NewBuffer(make([]byte, 4, 4<<10))
	encoder := json.NewEncoder(text)
	encoder.SetEscapeHTML(false) // it is code
	if err := encoder.Encode(message); err != nil {
		return nil, err
	}
	frame := text.Bytes()
	length := len(frame) - 4
	if length > maxFrame {
		return nil, fmt.Errorf("it has %d bytes, and %d are the most", length, maxFrame)
	}
	binary.LittleEndian.PutUint32(frame, uint32(length))
	return frame, nil
}

// describe makes the first of several problems the place, and all of them the text.
func describe(failure error) *errorAnswer {
	problems := app.Problems(failure)
	answer := &errorAnswer{Text: problems[0].Text, Hint: problems[0].Hint, Path: problems[0].Path}
	for _, more := range problems[1:] {
		answer.Text += "\n" + more.Error()
	}
	return answer
}
