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

func readMessage(from io.Reader) (m message, err error) {
	var head [4]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return m, err
	}
	length := binary.LittleEndian.Uint32(head[:])
	if length > maxFrame {
		return m, fmt.Errorf("a frame of %d bytes is longer than %d: this is not the eclipsa plugin's protocol", length, maxFrame)
	}
	// The buffer grows with what comes, so that a length alone takes no memory.
	var text bytes.Buffer
	if n, err := io.CopyN(&text, from, int64(length)); err != nil {
		if n < int64(length) && errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return m, err
	}
	if err := json.Unmarshal(text.Bytes(), &m); err != nil {
		return m, fmt.Errorf("a message can't be read: %w", err)
	}
	return m, nil
}

type errorAnswer struct {
	Text string `json:"text"`
	Hint string `json:"hint,omitempty"`
	Path string `json:"path,omitempty"`
}

func writeAnswer(to io.Writer, id int, answer any, failure error) error {
	reply := struct {
		ID     int          `json:"id"`
		Answer any          `json:"answer,omitempty"`
		Error  *errorAnswer `json:"error,omitempty"`
	}{ID: id, Answer: answer}
	if failure != nil {
		reply.Answer, reply.Error = nil, describe(failure)
	}
	text := bytes.NewBuffer(make([]byte, 4, 4<<10))
	encoder := json.NewEncoder(text)
	encoder.SetEscapeHTML(false) // it is code
	if err := encoder.Encode(reply); err != nil {
		return err
	}
	frame := text.Bytes()
	binary.LittleEndian.PutUint32(frame, uint32(len(frame)-4))
	_, err := to.Write(frame)
	return err
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
