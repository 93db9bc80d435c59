"""CLAIM 2024, the 44 items of a checklist for papers on artificial intelligence in medical imaging, in our words."""

from common.dossier.answers import data, method, results
from common.dossier.items import Checklist, Item

_TITLE, _INTRO, _DESIGN, _DATA = "Title and abstract", "Introduction", "Methods: design", "Methods: data"
_TRUTH, _PARTS, _MODEL = "Methods: reference standard", "Methods: partitions", "Methods: model"
_TRAINING, _EVALUATION = "Methods: training", "Methods: evaluation"
_RESULTS, _DISCUSSION, _OTHER = "Results", "Discussion", "Other information"

CLAIM = Checklist(
    key="claim",
    title="CLAIM 2024",
    reference="Tejani et al., Checklist for Artificial Intelligence in Medical Imaging (CLAIM): 2024 Update, "
    "Radiology: Artificial Intelligence 2024; 6 (4): e240300.",
    items=(
        Item("1", _TITLE, "The title names AI and the kind of it.", method.kind, "The title."),
        Item("2", _TITLE, "A structured abstract.", person="The abstract."),
        Item("3", _INTRO, "Clinical background, and what the model is for.", method.intended_use, "The background."),
        Item("4", _INTRO, "Aims and hypotheses.", person="What was to be found out, fixed before the run."),
        Item("5", _DESIGN, "Prospective or retrospective?", person="Whether slices were taken for this study."),
        Item("6", _DESIGN, "The goal of the study.", person="For example feasibility, or a comparison."),
        Item("7", _DATA, "Where the data come from.", data.sources, "Archives, dates, and earlier use of the data."),
        Item("8", _DATA, "Who and what was included.", data.exclusions, "Criteria by which patients were chosen."),
        Item("9", _DATA, "How images were prepared.", data.preprocessing, "What was done before the export."),
        Item(
            "10",
            _DATA,
            "Whether only parts of the data were used.",
            data.subsets,
            "Which slices of a volume.",
        ),
        Item("11", _DATA, "How the data were de-identified.", person="Method, and who checked it."),
        Item("12", _DATA, "What was done about missing data.", data.missing),
        Item("13", _DATA, "How the images were acquired.", person="Scanners, field strength, sequences, planes."),
        Item("14", _TRUTH, "How the true class was found.", person="Histology, reading, follow-up."),
        Item("15", _TRUTH, "Why it was found that way.", person="The reason for that reference standard."),
        Item("16", _TRUTH, "Who labelled.", person="Number of readers and their training."),
        Item("17", _TRUTH, "How the test slices were labelled.", person="Whether otherwise than training slices."),
        Item("18", _TRUTH, "How far readers agreed.", person="Agreement, and how disputes were settled."),
        Item("19", _PARTS, "How data were divided.", data.partitions),
        Item("20", _PARTS, "On which level the parts are apart.", data.disjoint),
        Item("21", _PARTS, "The intended number of test cases.", person="The number that was planned, and why."),
        Item("22", _MODEL, "The model with input and output.", method.network),
        Item("23", _MODEL, "Software with versions.", method.software),
        Item("24", _MODEL, "The first weights.", method.initialisation),
        Item("25", _TRAINING, "How it was trained.", method.training, "What was tried before, and tuned."),
        Item("26", _TRAINING, "How the final model was chosen.", method.selection),
        Item("27", _TRAINING, "Whether several models answer together.", method.ensembling),
        Item("28", _EVALUATION, "Which figures.", results.metrics),
        Item("29", _EVALUATION, "How uncertainty was measured.", results.uncertainty),
        Item("30", _EVALUATION, "How robust it is.", results.fairness, "Further analyses of sensitivity."),
        Item("31", _EVALUATION, "How answers are explained.", person="Whether heat maps were used, and checked."),
        Item("32", _EVALUATION, "Test on data of the same hospitals.", results.internal),
        Item("33", _EVALUATION, "Test on data of other hospitals.", results.external),
        Item("34", _EVALUATION, "Registration of a clinical trial.", person="Number, or that it is no trial."),
        Item("35", _RESULTS, "How many were included and left out.", data.flow, "Patients left out before the export."),
        Item("36", _RESULTS, "Cases of each part.", data.characteristics, "Age, sex and clinical findings."),
        Item("37", _RESULTS, "Figures with their uncertainty.", results.performance),
        Item("38", _RESULTS, "Diagnostic figures with precision.", results.by_class),
        Item("39", _RESULTS, "What went wrong.", results.failures, "Wrong answers looked at, and their causes."),
        Item("40", _DISCUSSION, "Limits.", results.limitations, "Limits of the study's design."),
        Item("41", _DISCUSSION, "What it means for practice.", person="Use in care, and what it takes."),
        Item("42", _OTHER, "Where the full protocol is.", method.protocol, "Where it is published."),
        Item("43", _OTHER, "What of it can be had.", method.availability, "Where program, weights and data are."),
        Item("44", _OTHER, "Funding.", person="Who paid, and what part they had."),
    ),
)
