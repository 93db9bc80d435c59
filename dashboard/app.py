"""The dashboard's entry point: ``streamlit run dashboard/app.py`` or ``make dashboard``.

Streamlit meets this file twice. The server imports it for `app`, which adds the security headers; each visit then runs
it as a script, which draws the page.
"""

import sys
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # streamlit puts only this file's own folder there
    sys.path.insert(0, str(ROOT))

if __name__ == "__main__":
    from dashboard.components.shell import draw

    draw()
else:
    from dashboard import serve

    serve.import_before_threads()
    app = st.App(
        str(Path(__file__).resolve()), middleware=serve.middleware(), on_script_error=serve.say_instead_of_traceback
    )
