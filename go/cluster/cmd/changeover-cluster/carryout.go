package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"changeover/cluster/operator"
	"changeover/cluster/table"
)

// carryOut does what the words say.
func carryOut(ctx context.Context, c *operator.Cluster, words []string, asJSON bool, in io.Reader, out io.Writer) error {
	if len(words) == 0 {
		return errUsage
	}
	verb, rest := words[0], words[1:]
	switch {
	case verb == "status" && len(rest) == 0:
		view, err := c.View(ctx)
		if err != nil {
			return err
		}
		return show(out, operator.StatusOf(view), asJSON, printStatus)
	case verb == "explain" && len(rest) == 1:
		view, err := c.View(ctx)
		if err != nil {
			return err
		}
		explanation, err := operator.Explain(view, rest[0])
		if err != nil {
			return err
		}
		return show(out, explanation, asJSON, printExplanation)
	case verb == "put" && len(rest) > 0:
		return each(rest, func(file string) error { return put(ctx, c, file, in) })
	case verb == "delete" && len(rest) > 0:
		return each(rest, func(stream string) error { return c.Delete(ctx, stream) })
	case verb == "drain" && len(rest) == 1:
		return c.Drain(ctx, rest[0])
	case verb == "undrain" && len(rest) == 1:
		return c.Undrain(ctx, rest[0])
	case verb == "move" && len(rest) == 2:
		return c.Move(ctx, rest[0], rest[1])
	case verb == "unpin" && len(rest) == 1:
		return c.Unpin(ctx, rest[0])
	}
	return errUsage
}

// each does something with all, whatever comes of the others.
func each(all []string, do func(string) error) error {
	var failures []error
	for _, one := range all {
		failures = append(failures, do(one))
	}
	return errors.Join(failures...)
}

// put puts the streams of a file, which are one JSON value each.
func put(ctx context.Context, c *operator.Cluster, file string, in io.Reader) error {
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return err
		}
		defer opened.Close()
		in = opened
	}
	for decoder := json.NewDecoder(in); ; {
		var text json.RawMessage
		if err := decoder.Decode(&text); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		stream, err := table.DecodeStream(text)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if err := c.Put(ctx, stream); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
}

func show[T any](out io.Writer, value T, asJSON bool, print func(io.Writer, T)) error {
	if asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(value)
	}
	columns := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	print(columns, value)
	return columns.Flush()
}

func printStatus(out io.Writer, status operator.Status) {
	fmt.Fprintln(out, "NODE\tZONE\tSTREAMS\tCAPACITY\tSTATE\tPAGE")
	for _, node := range status.Nodes {
		state := "there"
		switch {
		case !node.There:
			state = "not there, drained"
		case node.Drained:
			state = "drained"
		}
		fmt.Fprintf(out, "%s\t%s\t%d\t%d\t%s\t%s\n",
			clean(node.ID), clean(node.Zone), node.Streams, node.Capacity, state, clean(node.Page))
	}
	fmt.Fprintln(out, "\nSTREAM\tNODE\tSINCE\tWHY\tFROM\t")
	for _, stream := range status.Streams {
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\n", clean(stream.ID), orNone(stream.Node), since(stream.Since),
			clean(string(stream.Reason)), clean(stream.From), notes(stream))
	}
}

// notes is what else there is to say of a stream.
func notes(stream operator.StreamStatus) string {
	var notes []string
	if stream.MovesTo != "" {
		notes = append(notes, "moves to "+stream.MovesTo+" ("+string(stream.MovesReason)+")")
	}
	if stream.Pinned != "" {
		notes = append(notes, "pinned to "+stream.Pinned)
	}
	if stream.Refused != "" {
		notes = append(notes, "refused: "+stream.Refused)
	}
	return clean(strings.Join(notes, "; "))
}

func printExplanation(out io.Writer, explanation operator.Explanation) {
	fmt.Fprintf(out, "%s: %s.\n", clean(explanation.ID), clean(explanation.Says))
	if explanation.Node != "" {
		fmt.Fprintf(out, "since %s, epoch %d\n", since(explanation.Since), explanation.Epoch)
	}
	if text := notes(explanation.StreamStatus); text != "" {
		fmt.Fprintln(out, text)
	}
	if len(explanation.Places) > 0 {
		fmt.Fprintln(out, "\n\tNODE\tZONE\t")
	}
	for i, place := range explanation.Places {
		fmt.Fprintf(out, "%d.\t%s\t%s\t%s\n", i+1, clean(place.Node), clean(place.Zone), place.Why)
	}
}

func since(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

func orNone(node string) string {
	if node == "" {
		return "nobody"
	}
	return clean(node)
}

// clean is a text that others wrote, on one line of a terminal.
func clean(text string) string {
	return strings.Map(func(letter rune) rune {
		if !unicode.IsPrint(letter) {
			return unicode.ReplacementChar
		}
		return letter
	}, text)
}
