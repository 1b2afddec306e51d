"Searches settings of the training on validation images, as the study recipes says; a later call goes on after a stop."
from vae_nbdev.studies.search import best_trials, search_settings
from vae_nbdev.studies.spec import load_study

if __name__ == "__main__":
    result = search_settings(load_study("recipes", "reports/studies"), "reports/_build/recipes")
    for family, trial in best_trials(result).items(): print(f"{family}: {trial['settings']}, NELBO {trial['nelbo']:.2f}")
    print("All trials: reports/_build/recipes/search.json")
