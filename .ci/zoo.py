"Writes the best models of a finished study into reports/_build/zoo."
import sys
from vae_nbdev.core.files import InputError
from vae_nbdev.studies.zoo import build_zoo

if __name__ == "__main__":
    try: entries = build_zoo(f"reports/_build/{sys.argv[1]}", "reports/_build/zoo")
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    for entry in entries: print(f"{entry['name']}: {entry['label']}, {entry['bytes']:,} bytes")
    print(f"{len(entries)} models, {sum(entry['bytes'] for entry in entries):,} bytes, in reports/_build/zoo")
