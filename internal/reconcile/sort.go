package reconcile

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// sorter puts records into the order of their bytes. What does not fit into its
// memory goes to a temporary file, in sorted runs that are merged at the end.
type sorter struct {
	// memory is how many bytes are kept, without what surrounds them.
	memory  int
	records [][]byte
	size    int
	file    *os.File
	ends    []int64 // of the runs in the file
}

const (
	sortMemory = 8 << 20
	// perRecord is about what a record costs beside its bytes.
	perRecord = 48
	// runBuffer is read ahead of each run while they are merged.
	runBuffer = 32 << 10
)

// add takes a record over.
func (s *sorter) add(record []byte) error {
	s.records = append(s.records, record)
	s.size += len(record) + perRecord
	if s.size < s.memory {
		return nil
	}
	return s.spill()
}

func (s *sorter) spill() (err error) {
	if s.file == nil {
		if s.file, err = os.CreateTemp("", "passerelle-statement-*"); err != nil {
			return fmt.Errorf("make temporary file: %w", err)
		}
	}
	slices.SortFunc(s.records, bytes.Compare)
	w := bufio.NewWriterSize(s.file, runBuffer)
	var end int64
	if len(s.ends) > 0 {
		end = s.ends[len(s.ends)-1]
	}
	var length [binary.MaxVarintLen64]byte
	for i, record := range s.records {
		n := binary.PutUvarint(length[:], uint64(len(record)))
		_, _ = w.Write(length[:n]) // Flush tells what went wrong
		_, _ = w.Write(record)
		end += int64(n + len(record))
		s.records[i] = nil
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write temporary file: %w", err)
	}
	s.ends, s.records, s.size = append(s.ends, end), s.records[:0], 0
	return nil
}

// sorted starts to read the records in order, through the function it returns,
// which gives io.EOF after the last. A record is good until the next is read.
func (s *sorter) sorted() (func() ([]byte, error), error) {
	if s.file == nil {
		slices.SortFunc(s.records, bytes.Compare)
		i := 0
		return func() ([]byte, error) {
			if i == len(s.records) {
				return nil, io.EOF
			}
			i++
			return s.records[i-1], nil
		}, nil
	}
	if len(s.records) > 0 {
		if err := s.spill(); err != nil {
			return nil, err
		}
	}
	s.records = nil
	var m merge
	var start int64
	for _, end := range s.ends {
		r := &run{r: bufio.NewReaderSize(io.NewSectionReader(s.file, start, end-start), runBuffer)}
		start = end
		if err := r.next(); err != nil {
			return nil, err
		}
		m = append(m, r)
	}
	heap.Init(&m)
	return m.next, nil
}

// close removes what was written.
func (s *sorter) close() error {
	if s.file == nil {
		return nil
	}
	return errors.Join(s.file.Close(), os.Remove(s.file.Name()))
}

// run is one sorted part of the file, standing at a record.
type run struct {
	r      *bufio.Reader
	record []byte
	handed bool
}

func (r *run) next() error {
	n, err := binary.ReadUvarint(r.r)
	if err != nil {
		return err // io.EOF at the end
	}
	if uint64(cap(r.record)) < n {
		r.record = make([]byte, n)
	}
	r.record = r.record[:n]
	if _, err := io.ReadFull(r.r, r.record); err != nil {
		return fmt.Errorf("read temporary file: %w", err)
	}
	return nil
}

// merge is a heap of runs by their records.
type merge []*run

func (m merge) Len() int           { return len(m) }
func (m merge) Less(i, j int) bool { return bytes.Compare(m[i].record, m[j].record) < 0 }
func (m merge) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }

// Push implements heap.Interface.
func (m *merge) Push(x any) { *m = append(*m, x.(*run)) }

// Pop implements heap.Interface.
func (m *merge) Pop() any {
	last := (*m)[len(*m)-1]
	*m = (*m)[:len(*m)-1]
	return last
}

func (m *merge) next() ([]byte, error) {
	if len(*m) > 0 && (*m)[0].handed {
		(*m)[0].handed = false
		switch err := (*m)[0].next(); {
		case errors.Is(err, io.EOF):
			heap.Pop(m)
		case err != nil:
			return nil, err
		default:
			heap.Fix(m, 0)
		}
	}
	if len(*m) == 0 {
		return nil, io.EOF
	}
	(*m)[0].handed = true
	return (*m)[0].record, nil
}
