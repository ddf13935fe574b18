package crash

import (
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// SQLite calls a file layer through tables of C function pointers. The shim
// copies the table of the layer below, puts its own functions where it wants to
// see a call, and passes each call on to the function that stood there.

type (
	openFn     = func(tls *libc.TLS, vfs, path, file uintptr, flags int32, outFlags uintptr) int32
	deleteFn   = func(tls *libc.TLS, vfs, path uintptr, dirSync int32) int32
	closeFn    = func(tls *libc.TLS, file uintptr) int32
	transferFn = func(tls *libc.TLS, file, buf uintptr, n int32, at int64) int32
	truncateFn = func(tls *libc.TLS, file uintptr, size int64) int32
	syncFn     = func(tls *libc.TLS, file uintptr, flags int32) int32
)

// layers is what the C side refers to by number: SQLite's list of file layers
// belongs to the process, and so must this.
var layers = struct {
	sync.Mutex
	disks   map[uintptr]*Disk     // by sqlite3_vfs
	files   map[uintptr]*openFile // by sqlite3_file
	methods map[uintptr]uintptr   // the table below → our copy of it
	below   map[uintptr]uintptr   // our copy → the table below
}{
	disks: map[uintptr]*Disk{}, files: map[uintptr]*openFile{},
	methods: map[uintptr]uintptr{}, below: map[uintptr]uintptr{},
}

type openFile struct {
	disk *Disk
	path string
	// A log or journal that may be new: SQLite's own layer syncs the folder too
	// when it is first synced, so that it is found after a power cut.
	folder bool
}

// at reads C memory, which the garbage collector neither moves nor knows.
func at[T any](p uintptr) *T { return (*T)(*(*unsafe.Pointer)(unsafe.Pointer(&p))) }

// call makes a Go function of a C function pointer.
func call[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&p)) }

// pointer makes a C function pointer of a function that is not a closure.
func pointer[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

// register makes disk known to SQLite under name; undo takes it back, once no
// database is open through it.
func register(disk *Disk, name string) (undo func()) {
	tls := libc.NewTLS()
	below := sqlite3.Xsqlite3_vfs_find(tls, 0)
	v := libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_vfs{})))
	cname, err := libc.CString(name)
	if below == 0 || v == 0 || err != nil {
		panic("crash: no memory for a file layer")
	}
	table := at[sqlite3.Tsqlite3_vfs](v)
	*table = *at[sqlite3.Tsqlite3_vfs](below)
	table.FzName, table.FpNext = cname, 0
	table.FxOpen, table.FxDelete = pointer[openFn](vfsOpen), pointer[deleteFn](vfsDelete)
	disk.below = below
	layers.Lock()
	layers.disks[v] = disk
	layers.Unlock()
	if rc := sqlite3.Xsqlite3_vfs_register(tls, v, 0); rc != sqlite3.SQLITE_OK {
		panic("crash: SQLite refuses the file layer")
	}
	return func() {
		sqlite3.Xsqlite3_vfs_unregister(tls, v)
		layers.Lock()
		delete(layers.disks, v)
		layers.Unlock()
		libc.Xfree(tls, cname)
		libc.Xfree(tls, v)
		tls.Close()
	}
}

func diskOf(vfs uintptr) *Disk {
	layers.Lock()
	defer layers.Unlock()
	return layers.disks[vfs]
}

// fileOf returns the open file and the table of functions below ours.
func fileOf(file uintptr) (*openFile, *sqlite3.Tsqlite3_io_methods) {
	layers.Lock()
	defer layers.Unlock()
	below := layers.below[at[sqlite3.Tsqlite3_file](file).FpMethods]
	return layers.files[file], at[sqlite3.Tsqlite3_io_methods](below)
}

func vfsOpen(tls *libc.TLS, vfs, path, file uintptr, flags int32, outFlags uintptr) int32 {
	d := diskOf(vfs)
	name := ""
	if path != 0 {
		name = libc.GoString(path)
	}
	if rc := d.refuse(Open, name); rc != 0 {
		at[sqlite3.Tsqlite3_file](file).FpMethods = 0
		return rc
	}
	rc := call[openFn](at[sqlite3.Tsqlite3_vfs](d.below).FxOpen)(tls, d.below, path, file, flags, outFlags)
	f := at[sqlite3.Tsqlite3_file](file)
	if rc != sqlite3.SQLITE_OK || f.FpMethods == 0 || path == 0 {
		return rc // a temporary file without a name needs no watching
	}
	layers.Lock()
	defer layers.Unlock()
	ours, ok := layers.methods[f.FpMethods]
	if !ok {
		ours = watched(tls, f.FpMethods)
		layers.methods[f.FpMethods], layers.below[ours] = ours, f.FpMethods
	}
	f.FpMethods = ours
	const logs = sqlite3.SQLITE_OPEN_WAL | sqlite3.SQLITE_OPEN_MAIN_JOURNAL | sqlite3.SQLITE_OPEN_SUPER_JOURNAL
	layers.files[file] = &openFile{disk: d, path: name, folder: flags&sqlite3.SQLITE_OPEN_CREATE != 0 && flags&logs != 0}
	return rc
}

// watched returns a copy of a table with our functions in it. It stays for the
// life of the process: there are as many as kinds of locking.
func watched(tls *libc.TLS, below uintptr) uintptr {
	p := libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_io_methods{})))
	if p == 0 {
		panic("crash: no memory for a file layer")
	}
	t := at[sqlite3.Tsqlite3_io_methods](p)
	*t = *at[sqlite3.Tsqlite3_io_methods](below)
	t.FxClose = pointer[closeFn](fileClose)
	t.FxRead = pointer[transferFn](fileRead)
	t.FxWrite = pointer[transferFn](fileWrite)
	t.FxTruncate = pointer[truncateFn](fileTruncate)
	t.FxSync = pointer[syncFn](fileSync)
	return p
}

func vfsDelete(tls *libc.TLS, vfs, path uintptr, dirSync int32) int32 {
	d, name := diskOf(vfs), libc.GoString(path)
	if rc := d.refuse(Delete, name); rc != 0 {
		return rc
	}
	rc := call[deleteFn](at[sqlite3.Tsqlite3_vfs](d.below).FxDelete)(tls, d.below, path, dirSync)
	if rc == sqlite3.SQLITE_OK {
		d.record(event{op: Delete, path: name})
		if dirSync != 0 {
			d.record(event{op: SyncFolder, at: d.mark()})
		}
	}
	return rc
}

func fileClose(tls *libc.TLS, file uintptr) int32 {
	_, below := fileOf(file)
	layers.Lock()
	delete(layers.files, file)
	layers.Unlock()
	return call[closeFn](below.FxClose)(tls, file)
}

func fileRead(tls *libc.TLS, file, buf uintptr, n int32, off int64) int32 {
	f, below := fileOf(file)
	if rc := f.disk.refuse(Read, f.path); rc != 0 {
		return rc
	}
	return call[transferFn](below.FxRead)(tls, file, buf, n, off)
}

func fileWrite(tls *libc.TLS, file, buf uintptr, n int32, off int64) int32 {
	f, below := fileOf(file)
	if rc := f.disk.refuse(Write, f.path); rc != 0 {
		return rc
	}
	rc := call[transferFn](below.FxWrite)(tls, file, buf, n, off)
	if rc == sqlite3.SQLITE_OK {
		f.disk.record(event{op: Write, path: f.path, at: off, bytes: unsafe.Slice(at[byte](buf), int(n))})
	}
	return rc
}

func fileTruncate(tls *libc.TLS, file uintptr, size int64) int32 {
	f, below := fileOf(file)
	if rc := f.disk.refuse(Truncate, f.path); rc != 0 {
		return rc
	}
	rc := call[truncateFn](below.FxTruncate)(tls, file, size)
	if rc == sqlite3.SQLITE_OK {
		f.disk.record(event{op: Truncate, path: f.path, at: size})
	}
	return rc
}

func fileSync(tls *libc.TLS, file uintptr, flags int32) int32 {
	f, below := fileOf(file)
	if rc := f.disk.refuse(Sync, f.path); rc != 0 {
		return rc
	}
	mark := f.disk.mark() // what is written while the sync runs may not be part of it
	rc := call[syncFn](below.FxSync)(tls, file, flags)
	if rc == sqlite3.SQLITE_OK {
		f.disk.record(event{op: Sync, path: f.path, at: mark})
		if f.folder {
			f.folder = false
			f.disk.record(event{op: SyncFolder, at: mark})
		}
	}
	return rc
}
