package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yagura/auth"
)

// User is a user as colleagues see one.
type User struct {
	Name        string     `json:"name" doc:"as the user signs in"`
	DisplayName string     `json:"display_name" doc:"as colleagues see the user; empty: name"`
	Role        auth.Role  `json:"role" doc:"viewer, responder, analyst, engineer or admin"`
	Disabled    bool       `json:"disabled" doc:"may not sign in"`
	CreatedAt   time.Time  `json:"created_at" doc:"UTC"`
	SeenAt      *time.Time `json:"seen_at,omitempty" doc:"last sign-in, UTC; absent where there was none"`
}

// UserList lists every user.
type UserList struct {
	Items []User `json:"items"`
	Next  string `json:"next" doc:"always empty: users are few"`
}

// UserCreated is a new user with the one-time link to come in by.
type UserCreated struct {
	User
	SignInLink
}

// SignInLink signs a user in, once.
type SignInLink struct {
	Link    string    `json:"link" doc:"works once; hand it over in private. Shown this once"`
	Expires time.Time `json:"link_expires_at" doc:"UTC"`
}

// NewUser is a user to make.
type NewUser struct {
	Name        string `json:"name" doc:"1 to 64 of a-z, 0-9, '.', '_', '-' and '@'" example:"anna"`
	DisplayName string `json:"display_name,omitempty" doc:"as colleagues see the user"`
	Role        string `json:"role" doc:"viewer, responder, analyst, engineer or admin" example:"analyst"`
}

// UserChange is what to change of a user; what is absent stays.
type UserChange struct {
	DisplayName *string `json:"display_name,omitempty" doc:"as colleagues see the user"`
	Role        *string `json:"role,omitempty" doc:"viewer, responder, analyst, engineer or admin"`
	Disabled    *bool   `json:"disabled,omitempty" doc:"a disabled user is signed out at once and may not sign in"`
}

// NewPassword is a password for somebody else.
type NewPassword struct {
	Password string `json:"password" maxLength:"256" doc:"at least 12 characters"`
}

func showUser(u auth.User) User {
	out := User{Name: u.Name, DisplayName: u.DisplayName, Role: u.Role, Disabled: u.Disabled, CreatedAt: u.CreatedAt}
	if !u.SeenAt.IsZero() {
		out.SeenAt = &u.SeenAt
	}
	return out
}

func (s *Server) userRoutes(api huma.API) {
	create := operation("create-user", http.MethodPost, "/api/v1/users", "Make a user, and a one-time link to sign in with", auth.ManageUsers)
	create.DefaultStatus = http.StatusCreated
	huma.Register(api, create, s.createUser)
	huma.Register(api, operation("list-users", http.MethodGet, "/api/v1/users", "List users", auth.ReadUsers), s.listUsers)
	huma.Register(api, operation("get-user", http.MethodGet, "/api/v1/users/{name}", "One user", auth.ReadUsers), s.getUser)
	huma.Register(api, operation("change-user", http.MethodPatch, "/api/v1/users/{name}", "Change a user's display name or role, disable or enable the user", auth.ManageUsers), s.changeUser)
	huma.Register(api, operation("delete-user", http.MethodDelete, "/api/v1/users/{name}", "Remove a user; what the user did stays under the name", auth.ManageUsers), s.deleteUser)
	huma.Register(api, operation("set-password", http.MethodPut, "/api/v1/users/{name}/password", "Set another user's password; the user's sessions end", auth.ManageUsers), s.setPassword)
	huma.Register(api, operation("create-sign-in-link", http.MethodPost, "/api/v1/users/{name}/sign-in-link", "Make a one-time link that signs a user in; an older one ends", auth.ManageUsers), s.createLink)
}

// link words a token as the link that people open. The token stands after #, so
// that it reaches no server's log.
func (s *Server) link(token string) SignInLink {
	return SignInLink{SignInURL(s.base(), token), s.Store.Now().Add(auth.LinkTime).UTC()}
}

// SignInURL returns the address that signs somebody in with a link's token, on
// the server at base.
func SignInURL(base, token string) string { return base + "/sign-in#" + token }

type createUserInput struct{ Body NewUser }

func (s *Server) createUser(ctx context.Context, in *createUserInput) (*body[UserCreated], error) {
	u, token, err := s.Desk.AddUser(ctx, principal(ctx), auth.User{Name: in.Body.Name, DisplayName: in.Body.DisplayName, Role: auth.Role(in.Body.Role)})
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[UserCreated]{UserCreated{showUser(u), s.link(token)}}, nil
}

func (s *Server) listUsers(ctx context.Context, _ *struct{}) (*body[UserList], error) {
	list, err := s.Desk.Users(ctx, principal(ctx))
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := UserList{Items: make([]User, len(list))}
	for i, u := range list {
		out.Items[i] = showUser(u)
	}
	return &body[UserList]{out}, nil
}

type nameInput struct {
	Name string `path:"name" doc:"as lists show it"`
}

func (s *Server) getUser(ctx context.Context, in *nameInput) (*body[User], error) {
	u, err := s.Desk.User(ctx, principal(ctx), in.Name)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[User]{showUser(u)}, nil
}

type changeUserInput struct {
	Name string `path:"name" doc:"as lists show it"`
	Body UserChange
}

func (s *Server) changeUser(ctx context.Context, in *changeUserInput) (*body[User], error) {
	u, err := s.Desk.ChangeUser(ctx, principal(ctx), in.Name, func(u *auth.User) {
		set(&u.DisplayName, in.Body.DisplayName)
		set((*string)(&u.Role), in.Body.Role)
		set(&u.Disabled, in.Body.Disabled)
	})
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[User]{showUser(u)}, nil
}

func (s *Server) deleteUser(ctx context.Context, in *nameInput) (*struct{}, error) {
	return nil, s.fail(ctx, s.Desk.DeleteUser(ctx, principal(ctx), in.Name))
}

type setPasswordInput struct {
	Name string `path:"name" doc:"as lists show it"`
	Body NewPassword
}

func (s *Server) setPassword(ctx context.Context, in *setPasswordInput) (*struct{}, error) {
	return nil, s.fail(ctx, s.Desk.SetPassword(ctx, principal(ctx), in.Name, in.Body.Password))
}

func (s *Server) createLink(ctx context.Context, in *nameInput) (*body[SignInLink], error) {
	token, err := s.Desk.NewLink(ctx, principal(ctx), in.Name)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &body[SignInLink]{s.link(token)}, nil
}
