"""Stories: what several facts about a model tell together, whatever the order in which they came."""
