"""The scripts that make the models we ship; nothing at run time imports them."""
