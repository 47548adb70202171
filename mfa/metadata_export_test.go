package mfa

// ReadMetadataFrom is ReadMetadata with another root, but the check of the host kept.
var ReadMetadataFrom = readMetadata
