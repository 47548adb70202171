package wire

// Known reports whether the service's model has an action of this name, served here or not.
func Known(svc Service, action string) bool {
	_, ok := inputShapes[svc.Name][action]
	return ok
}
