"""Reports as text: one function a format, ``(Report, View) -> str``. Renderers lay out; they compute nothing."""
