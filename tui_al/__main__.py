"""`python -m tui_al` is `tui-al`."""

from tui_al.cli import main

if __name__ == "__main__":
    main()
