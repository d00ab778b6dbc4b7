package bot_test

import (
	"testing"
	"time"

	"restock/bot"
)

// TestOverdue: two working days, whatever the weekend and the zone; what the CRM knows, and what is no unsubscription, is never late.
func TestOverdue(t *testing.T) {
	sydney, err := time.LoadLocation("Australia/Sydney")
	if err != nil {
		t.Fatal(err)
	}
	friday := time.Date(2026, 11, 20, 15, 0, 0, 0, sydney)
	left := []bot.Suppression{
		{Who: "a", Reason: bot.LeftUs, At: friday}, {Who: "b", Reason: bot.DeadAddress, At: friday}, {Who: "c", Reason: bot.LeftUs, At: friday, Written: friday},
	}
	for days, want := range map[int]int{1: 0, 2: 0, 3: 0, 4: 1, 10: 1} { // Saturday, Sunday, Monday, Tuesday
		if late := bot.Overdue(left, friday.AddDate(0, 0, days), sydney); len(late) != want {
			t.Errorf("after %d days: %d", days, len(late))
		}
	}
	l, _ := vaulted(t)
	for _, address := range []string{"bob@example.com", "eve@example.com"} {
		if err := l.Suppress(t.Context(), bot.Suppression{Who: l.Person(address), Reason: bot.LeftUs, At: friday}); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := l.Written(t.Context(), l.Person("bob@example.com")); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	list, err := l.Suppressions(t.Context())
	if late := bot.Overdue(list, friday.AddDate(0, 0, 9), sydney); len(late) != 1 || late[0].Who != l.Person("eve@example.com") || err != nil {
		t.Errorf("%+v, %v", late, err)
	}
	if n, err := l.Written(t.Context(), ""); n != 1 || err != nil {
		t.Errorf("all: %d, %v", n, err)
	}
}
