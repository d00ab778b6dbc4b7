package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"restock/bot"
	"restock/bot/report"
	"restock/bot/web"
	"restock/state/statetest"
)

// reportOf is the report of a shop in which everything is called by a hostile text.
func reportOf(s string) (report.Report, error) {
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	l := bot.NewLedger(&statetest.Memory{}, func() time.Time { return now })
	r := bot.Restock{Job: "shop", SKU: s, Number: 1, Name: s, Opened: now.Add(-time.Hour)}
	n := bot.Notification{
		Key: bot.Key("shop", s, 1, "1"), Job: "shop", Restock: r, Channel: bot.Email, Address: "a@example.com", State: bot.Accepted,
		Subscription: bot.Subscription{ID: s, SKU: s}, Changes: []bot.Change{{At: now, To: bot.Accepted, Detail: s}},
	}
	waits := n
	waits.Key, waits.State = bot.Key("shop", s, 1, "2"), bot.Queued
	err := l.Commit(context.Background(), bot.Comparison{Opened: []bot.Restock{r}}, []bot.Notification{n, waits})
	if err != nil {
		return report.Report{}, err
	}
	return report.Build(context.Background(), l, report.Options{From: now.Add(-48 * time.Hour), To: now.Add(time.Hour), Zone: time.UTC, Per: "day", Windows: bot.DefaultWindows(), Now: now, Shop: s})
}

func reportText(s string) (string, error) {
	r, err := reportOf(s)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = r.WriteText(&b, "")
	return b.String(), err
}

// csvText is what a program reads in the CSV; no cell of it is a formula.
func csvText(s string) (string, error) {
	r, err := reportOf(s)
	if err != nil {
		return "", err
	}
	var all []string
	for _, name := range report.TableNames() {
		var b bytes.Buffer
		if err := r.WriteCSV(&b, name); err != nil {
			return "", err
		}
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b.Bytes(), []byte("\ufeff")))).ReadAll()
		if err != nil {
			return "", err
		}
		for _, row := range rows {
			for _, cell := range row {
				if err := noFormula(cell); err != nil {
					return "", err
				}
			}
			all = append(all, strings.Join(row, " "))
		}
	}
	return strings.Join(all, " "), nil
}

func noFormula(cell string) error {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", []rune(cell)[0]) && !strings.HasPrefix(cell, "-1") && !strings.HasSuffix(cell, " %") {
		return fmt.Errorf("the cell %q begins like a formula", cell)
	}
	return nil
}

func xlsxText(s string) (string, error) {
	r, err := reportOf(s)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := r.WriteXLSX(&b); err != nil {
		return "", err
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var all []string
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil {
			return "", err
		}
		for i, row := range rows {
			for j, cell := range row {
				at, _ := excelize.CoordinatesToCellName(j+1, i+1)
				formula, err := f.GetCellFormula(sheet, at)
				if err = errors.Join(err, noFormula(cell)); err != nil || formula != "" {
					return "", fmt.Errorf("%s %s: %q %w", sheet, at, formula, err)
				}
			}
			all = append(all, strings.Join(row, " "))
		}
	}
	return strings.Join(all, " "), nil
}

// pageText is the report's page and the form that a customer gets back: no element of them is the text's.
func pageText(s string) (string, error) {
	r, err := reportOf(s)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := r.WriteHTML(&b); err != nil {
		return "", err
	}
	l := bot.NewLedger(&statetest.Memory{}, time.Now)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	h, err := (&web.Public{Ledger: l, Log: log, SignUps: &web.SignUps{
		Ledger: l, Channels: []bot.Channel{bot.Email, bot.SMS}, Phone: func(string) string { return "" }, Now: time.Now, Log: log,
	}}).Handler()
	if err != nil {
		return "", err
	}
	form := url.Values{}
	for _, name := range []string{"sku", "email", "phone", "name", "page", "language"} {
		form.Set(name, s)
	}
	q := httptest.NewRequest(http.MethodPost, "/signup", strings.NewReader(form.Encode()))
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, q)
	page := b.String() + bot.Printable(w.Body.String()) // what a field is filled with again is the customer's own
	for _, bad := range []string{"<script", "<img", "onerror=", "javascript:"} {
		if strings.Contains(strings.ToLower(s), bad) && strings.Contains(strings.ToLower(strings.ReplaceAll(page, "&#34;", "")), "<"+strings.TrimPrefix(bad, "<")) && strings.HasPrefix(bad, "<") {
			return "", fmt.Errorf("the page has %s", bad)
		}
	}
	return page, nil
}
