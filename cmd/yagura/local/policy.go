package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"text/tabwriter"

	ucli "github.com/urfave/cli/v3"

	"yagura/alert"
	"yagura/cli"
	"yagura/intake"
	"yagura/policy"
)

func policyCommands() *ucli.Command {
	return cli.Group(&ucli.Command{
		Name: "policy", Usage: "check and test your own policies, before a server reads them",
		Commands: []*ucli.Command{
			{
				Name: "check", Usage: "say what is wrong with a folder of policies, by file and line", ArgsUsage: "FOLDER", Action: checkPolicies,
				Description: "Errors are what a server refuses the folder for; warnings compile but hardly do what was meant. It fails where there is an error.",
				Flags:       []ucli.Flag{&ucli.BoolFlag{Name: "strict", Usage: "fail on warnings too"}},
			},
			{
				Name: "test", Usage: "run the samples in a folder of policies and compare what comes out", ArgsUsage: "FOLDER", Action: testPolicies,
				Description: "Samples are <kind>/samples/NAME.json or .txt, each with NAME.expect.yaml; and test/<kind>/detect/*.json and test/<kind>/ignore/*.json.",
				Flags:       []ucli.Flag{&ucli.StringSliceFlag{Name: "kind", Usage: "of this kind only"}},
			},
			{
				Name: "kinds", Usage: "list the kinds that the policies of a folder, and ours, read", ArgsUsage: "[FOLDER]", Action: listPolicyKinds,
			},
		},
	})
}

// policyFolder opens a folder of policies; a file or nothing is a mistake.
func policyFolder(path string) (fs.FS, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading policies: %w", err)
	case !info.IsDir():
		return nil, cli.Usage(fmt.Errorf("%s is a file; name the folder that it is in", path))
	}
	return os.DirFS(path), nil
}

func checkPolicies(ctx context.Context, cmd *ucli.Command) error {
	path, err := folderArg(cmd)
	if err != nil {
		return err
	}
	user, err := policyFolder(path)
	if err != nil {
		return err
	}
	count := map[policy.Level]int{}
	for _, p := range policy.Check(ctx, intake.Kinds, user) {
		count[p.Severity]++
		fmt.Fprintln(cmd.Root().Writer, p)
	}
	fmt.Fprintf(cmd.Root().Writer, "%s, %s, %s\n", number(count[policy.Bad], "error"), number(count[policy.Warn], "warning"), number(count[policy.Note], "note"))
	if count[policy.Bad] > 0 || (cmd.Bool("strict") && count[policy.Warn] > 0) {
		return errors.New("the policies are not in order")
	}
	return ctx.Err()
}

func testPolicies(ctx context.Context, cmd *ucli.Command) error {
	path, err := folderArg(cmd)
	if err != nil {
		return err
	}
	user, err := policyFolder(path)
	if err != nil {
		return err
	}
	set, err := policy.Load(ctx, intake.Kinds, user)
	if err != nil {
		return fmt.Errorf("the policies do not load:\n%w", err)
	}
	report := policy.Test(ctx, set, user, policy.TestOptions{Kinds: cmd.StringSlice("kind"), Observe: observe})
	if len(report.Failed()) > 0 {
		fmt.Fprintln(cmd.Root().Writer, "- is what was expected, + is what came out")
	}
	fmt.Fprint(cmd.Root().Writer, report)
	switch failed := len(report.Failed()); {
	case len(report.Cases) == 0:
		return fmt.Errorf("there is no sample in %s; yagura policy test --help says where they stand", path)
	case failed > 0:
		return fmt.Errorf("%s did not give what is expected", number(failed, "sample"))
	}
	return ctx.Err()
}

// number counts things whose plural has an s.
func number(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// observe finds what the server's observe step finds.
func observe(a *alert.Alert, _ policy.Message) []alert.Observable {
	return alert.Observe(a)
}

func listPolicyKinds(ctx context.Context, cmd *ucli.Command) error {
	var user []fs.FS
	if cmd.NArg() > 0 {
		path, err := folderArg(cmd)
		if err != nil {
			return err
		}
		f, err := policyFolder(path)
		if err != nil {
			return err
		}
		user = append(user, f)
	}
	set, err := policy.Load(ctx, intake.Kinds, user...)
	if err != nil {
		return fmt.Errorf("the policies do not load:\n%w", err)
	}
	files := map[string]policy.File{}
	for _, f := range set.Files() {
		if !f.Replaced && f.Ignored == "" {
			files[f.Package] = f
		}
	}
	w := tabwriter.NewWriter(cmd.Root().Writer, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KIND\tPOLICY\tWHOSE")
	for _, k := range set.Kinds() {
		f, ok := files["ingest."+k]
		if !ok {
			f = files["alert."+k]
		}
		whose := "yours"
		if f.Builtin {
			whose = "comes with Yagura"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", k, f.Path, whose)
	}
	return w.Flush()
}
