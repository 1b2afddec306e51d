"Searches settings of the training on validation images, as the study recipes says; a later call goes on after a stop."
import sys
from vae_nbdev.core.files import InputError
from vae_nbdev.studies.search import best_trials, search_settings
from vae_nbdev.studies.spec import load_study

if __name__ == "__main__":
    try: result = search_settings(load_study("recipes", "reports/studies"), "reports/_build/recipes")
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    for family, trial in best_trials(result).items(): print(f"{family}: {trial['settings']}, NELBO {trial['nelbo']:.2f}")
    print("All trials: reports/_build/recipes/search.json")
