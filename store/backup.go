package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"yagura/fault"
)

// manifestFile is written last: a folder without it is no backup.
const manifestFile = "manifest.json"

// backupFormat is the manifest's; a restore refuses those it does not know.
const backupFormat = 1

// BackupReport says what a backup holds. It is the backup's manifest.json.
type BackupReport struct {
	Format     int          `json:"format"`
	MadeAt     time.Time    `json:"made_at"`    // UTC, when it was begun: what was acknowledged before is in it
	Alerts     int64        `json:"alerts"`     // alerts in it
	Deliveries int64        `json:"deliveries"` // deliveries in it
	Waiting    int64        `json:"waiting"`    // of the deliveries: those to be processed after a restore
	Files      []BackupFile `json:"files"`
}

// BackupFile is one database file of a backup.
type BackupFile struct {
	Name    string `json:"name"`    // e.g. "yagura.db"
	Version int64  `json:"version"` // the step that its tables are at
	Bytes   int64  `json:"bytes"`
	SHA256  string `json:"sha256"` // hex
}

// backupFiles are a store's files in the order in which they are copied: alerts
// first, so that the deliveries hold everything that the alerts were made of,
// and more.
var backupFiles = []struct{ name, migrations string }{{alertsFile, "alerts"}, {deliveriesFile, "deliveries"}}

// Backup copies a SQLite store into the folder to, which it makes. Another
// process may go on serving meanwhile: nothing is locked. Each copy is checked
// and synced; an existing backup is never overwritten, and one that fails leaves
// nothing behind. On PostgreSQL the error names the command that does it.
func Backup(ctx context.Context, opt Options, to string) (report BackupReport, err error) {
	if opt.Database != "" {
		return report, fault.New(fault.Invalid, "PostgreSQL makes its own backups while it runs; use: pg_dump --format=custom --file=%s %s",
			shellWord(filepath.Join(to, "yagura.dump")), shellWord(withoutPassword(opt.Database)))
	}
	now := opt.Now
	if now == nil {
		now = time.Now
	}
	for _, f := range backupFiles {
		if _, err := os.Stat(filepath.Join(opt.Folder, f.name)); err != nil {
			return report, fault.Wrap(err, fault.NotFound, "the folder %s holds no database: %s is missing", opt.Folder, f.name)
		}
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return report, fault.Wrap(err, fault.Unavailable, "the folder %s cannot be made", to)
	}
	if err := holdsNone(to, manifestFile, alertsFile, deliveriesFile, alertsFile+partSuffix, deliveriesFile+partSuffix); err != nil {
		return report, err
	}
	report = BackupReport{Format: backupFormat, MadeAt: now().UTC()}
	defer func() {
		if err != nil {
			for _, f := range backupFiles {
				_ = os.Remove(filepath.Join(to, f.name+partSuffix))
			}
		}
	}()
	for _, f := range backupFiles {
		part := filepath.Join(to, f.name+partSuffix)
		if err := copyDatabase(ctx, filepath.Join(opt.Folder, f.name), part, opt.VFS); err != nil {
			return report, fmt.Errorf("copying %s: %w", f.name, storageFault(err))
		}
		entry, err := describeCopy(ctx, part, &report)
		if err != nil {
			return report, fmt.Errorf("checking the copy of %s: %w", f.name, err)
		}
		entry.Name = f.name
		report.Files = append(report.Files, entry)
	}
	if err := countWaiting(ctx, to, &report); err != nil {
		return report, fmt.Errorf("counting what waits: %w", err)
	}
	for _, f := range backupFiles {
		if err := os.Rename(filepath.Join(to, f.name+partSuffix), filepath.Join(to, f.name)); err != nil {
			return report, fmt.Errorf("finishing the backup: %w", err)
		}
	}
	return report, writeManifest(to, report)
}

// partSuffix marks a file that is not finished.
const partSuffix = ".part"

// holdsNone refuses a folder in which one of the files stands.
func holdsNone(folder string, names ...string) error {
	for _, name := range names {
		_, err := os.Lstat(filepath.Join(folder, name))
		if err == nil {
			return fault.New(fault.Conflict, "%s exists already and is not overwritten; choose an empty folder", filepath.Join(folder, name))
		}
		if !errors.Is(err, os.ErrNotExist) {
			return fault.Wrap(err, fault.Unavailable, "the folder %s cannot be read", folder)
		}
	}
	return nil
}

// copyDatabase copies one database as it stands at this moment.
func copyDatabase(ctx context.Context, from, to, vfs string) error {
	// An empty file is taken as it is, so its permissions are ours.
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	db, err := openFile(from, "mode=ro", vfs)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // only read
	if _, err := db.ExecContext(ctx, `VACUUM INTO $1`, to); err != nil {
		return err
	}
	return syncPath(to)
}

func openFile(path, params, vfs string) (*sql.DB, error) {
	if vfs != "" {
		params += "&vfs=" + url.QueryEscape(vfs)
	}
	return sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+params+"&_pragma=busy_timeout(5000)")
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// describeCopy checks a copy and returns what the manifest says of it.
func describeCopy(ctx context.Context, path string, report *BackupReport) (entry BackupFile, err error) {
	db, err := openFile(path, "mode=ro&immutable=1", "")
	if err != nil {
		return entry, err
	}
	defer func() { _ = db.Close() }()
	var verdict string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&verdict); err != nil {
		return entry, err
	}
	if verdict != "ok" {
		return entry, fault.New(fault.Internal, "the database is damaged: %s", verdict)
	}
	if err := db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&entry.Version); err != nil {
		return entry, err
	}
	query, n := `SELECT count(*) FROM alert`, &report.Alerts
	if strings.HasPrefix(filepath.Base(path), deliveriesFile) {
		query, n = `SELECT count(*) FROM delivery`, &report.Deliveries
	}
	if err := db.QueryRowContext(ctx, query).Scan(n); err != nil {
		return entry, err
	}
	entry.Bytes, entry.SHA256, err = digest(path, io.Discard)
	return entry, err
}

// digest reads a file into w and returns its size and SHA-256.
func digest(path string, w io.Writer) (n int64, sum string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	h := sha256.New()
	n, err = io.Copy(io.MultiWriter(h, w), f)
	return n, hex.EncodeToString(h.Sum(nil)), err
}

// countWaiting counts the deliveries beyond the copied watermark and those asked
// to be replayed.
func countWaiting(ctx context.Context, folder string, report *BackupReport) error {
	alerts, err := openFile(filepath.Join(folder, alertsFile+partSuffix), "mode=ro&immutable=1", "")
	if err != nil {
		return err
	}
	defer func() { _ = alerts.Close() }()
	var mark, pending int64
	if err := alerts.QueryRowContext(ctx, `SELECT value, (SELECT count(*) FROM pending) FROM meta WHERE name = 'watermark'`).Scan(&mark, &pending); err != nil {
		return err
	}
	deliveries, err := openFile(filepath.Join(folder, deliveriesFile+partSuffix), "mode=ro&immutable=1", "")
	if err != nil {
		return err
	}
	defer func() { _ = deliveries.Close() }()
	err = deliveries.QueryRowContext(ctx, `SELECT count(*) FROM delivery WHERE id > $1`, mark).Scan(&report.Waiting)
	report.Waiting += pending
	return err
}

func writeManifest(folder string, report BackupReport) error {
	b, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	path := filepath.Join(folder, manifestFile)
	if err := os.WriteFile(path+partSuffix, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	if err := errors.Join(syncPath(path+partSuffix), os.Rename(path+partSuffix, path), syncPath(folder)); err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	return nil
}

// Restore puts a backup into the data folder of opt, which must hold no
// database. Opening the store then processes the deliveries that the backup
// holds beyond its alerts. A backup that was changed, is not complete or comes
// from a newer version is refused, and the folder stays as it was.
func Restore(ctx context.Context, opt Options, from string) (err error) {
	if opt.Database != "" {
		return fault.New(fault.Invalid, "PostgreSQL restores its own backups; use: pg_restore --no-owner --dbname=%s %s",
			shellWord(withoutPassword(opt.Database)), shellWord(filepath.Join(from, "yagura.dump")))
	}
	report, err := readManifest(from)
	if err != nil {
		return err
	}
	if opt.Folder == "" {
		return fault.New(fault.Invalid, "no data folder is set; set YAGURA_DATA")
	}
	if err := os.MkdirAll(opt.Folder, 0o700); err != nil {
		return fault.Wrap(err, fault.Unavailable, "the data folder %s cannot be made", opt.Folder)
	}
	for _, f := range backupFiles {
		if err := holdsNone(opt.Folder, f.name, f.name+"-wal", f.name+"-journal", f.name+partSuffix); err != nil {
			return err
		}
	}
	defer func() {
		if err != nil {
			for _, f := range backupFiles {
				_ = os.Remove(filepath.Join(opt.Folder, f.name+partSuffix))
			}
		}
	}()
	for _, f := range report.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := copyChecked(filepath.Join(from, f.Name), filepath.Join(opt.Folder, f.Name+partSuffix), f); err != nil {
			return err
		}
	}
	for _, f := range report.Files {
		if err := os.Rename(filepath.Join(opt.Folder, f.Name+partSuffix), filepath.Join(opt.Folder, f.Name)); err != nil {
			return fmt.Errorf("finishing the restore: %w", err)
		}
	}
	return syncPath(opt.Folder)
}

func readManifest(from string) (report BackupReport, err error) {
	b, err := os.ReadFile(filepath.Join(from, manifestFile))
	if err != nil {
		return report, fault.Wrap(err, fault.NotFound, "%s is no complete backup: its %s cannot be read", from, manifestFile)
	}
	if err := json.Unmarshal(b, &report); err != nil {
		return report, fault.Wrap(err, fault.Invalid, "the %s of %s cannot be understood", manifestFile, from)
	}
	if report.Format != backupFormat {
		return report, fault.New(fault.Conflict, "the backup is of format %d, this program knows %d; restore it with the version that made it, or a newer one", report.Format, backupFormat)
	}
	named := map[string]BackupFile{}
	for _, f := range report.Files {
		named[f.Name] = f
	}
	for _, f := range backupFiles {
		entry, ok := named[f.name]
		if !ok || len(report.Files) != len(backupFiles) {
			return report, fault.New(fault.Invalid, "the %s of %s does not name the files of a backup", manifestFile, from)
		}
		if known := lastMigration(f.migrations); entry.Version > known {
			return report, fault.New(fault.Conflict, "the backup was made by a newer version of Yagura (its %s database is at step %d, this program knows %d); restore it with the newer version", f.migrations, entry.Version, known)
		}
	}
	return report, nil
}

// lastMigration returns the last step that this program knows of a database.
func lastMigration(name string) (last int64) {
	list, _ := migrations.ReadDir("migrations/" + name) // embedded: it is there
	for _, e := range list {
		number, _, _ := strings.Cut(e.Name(), "_")
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			last = max(last, n)
		}
	}
	return last
}

// copyChecked copies a file and refuses one that is not what the manifest says.
func copyChecked(from, to string, want BackupFile) error {
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "%s cannot be written", to)
	}
	n, sum, err := digest(from, out)
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return fault.Wrap(err, fault.Unavailable, "copying %s to %s failed", from, to)
	}
	if n != want.Bytes || sum != want.SHA256 {
		return fault.New(fault.Invalid, "%s is not what was backed up: it has changed since (%d bytes, then %d); use another backup", from, n, want.Bytes)
	}
	return nil
}

// withoutPassword returns the address of a database as it may be shown.
func withoutPassword(database string) string {
	cfg, err := pgx.ParseConfig(database)
	if err != nil {
		return "postgres://…"
	}
	u := url.URL{Scheme: "postgres", User: url.User(cfg.User), Host: net.JoinHostPort(cfg.Host, strconv.Itoa(int(cfg.Port))), Path: "/" + cfg.Database}
	if strings.HasPrefix(cfg.Host, "/") { // a socket's folder
		u.Host, u.RawQuery = "", url.Values{"host": {cfg.Host}, "port": {strconv.Itoa(int(cfg.Port))}}.Encode()
	}
	return u.String()
}

// shellWord quotes s where a shell would not take it as one word.
func shellWord(s string) string {
	if s != "" && strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("@%+=:,./-_", r))
	}) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
