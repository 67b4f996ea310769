"""The training of the embedded writer; see README.md here. Nothing of this runs in the app."""
